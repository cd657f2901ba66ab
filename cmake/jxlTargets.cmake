# Build rules for .jxl files, used by find_package(jxl) and, in jxl's own tree, by its tests.
#
#   jxl_add_executable(name prog.jxl [OPTIONS -O3 ...])   a target that makes ${CMAKE_CURRENT_BINARY_DIR}/name
#   jxl_add_library(name model.jxl [OPTIONS ...])         a library of the file's @export functions, with its header
#
# Both rebuild when any file that the program read while compiling changes: imported modules and .npy headers included.

if(NOT TARGET jxl::runtime)
  add_library(jxl::runtime STATIC IMPORTED)
  set_target_properties(jxl::runtime PROPERTIES
    IMPORTED_LOCATION "${JXL_RUNTIME}" INTERFACE_INCLUDE_DIRECTORIES "${JXL_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;m")
endif()

# The shared half: runs jxlc on `source` to make `result` and whatever it leaves beside it.
function(_jxl_compile source result byproducts options)
  cmake_policy(PUSH)
  cmake_policy(SET CMP0116 NEW) # Ninja reads depfiles as they are; jxlc writes absolute paths
  add_custom_command(
    OUTPUT "${result}" ${byproducts}
    COMMAND "${JXL_COMPILER}" ${options} -MD -MF "${result}.d" "${source}" -o "${result}"
    DEPENDS "${source}" "${JXL_COMPILER}" "${JXL_RUNTIME}"
    DEPFILE "${result}.d"
    COMMENT "Compiling ${source}"
    VERBATIM)
  cmake_policy(POP)
endfunction()

function(jxl_add_executable name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  cmake_path(ABSOLUTE_PATH source)
  set(result "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  _jxl_compile("${source}" "${result}" "" "${arg_OPTIONS}")
  add_custom_target(${name} ALL DEPENDS "${result}")
endfunction()

function(jxl_add_library name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  cmake_path(ABSOLUTE_PATH source)
  set(result "${CMAKE_CURRENT_BINARY_DIR}/${name}.o")
  set(header "${CMAKE_CURRENT_BINARY_DIR}/${name}.h")
  _jxl_compile("${source}" "${result}" "${header}" "-c;${arg_OPTIONS}")
  add_library(${name} STATIC "${result}" "${header}")
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  set_source_files_properties("${result}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  target_include_directories(${name} INTERFACE "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(${name} INTERFACE jxl::runtime)
endfunction()
