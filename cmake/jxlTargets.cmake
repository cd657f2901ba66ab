# Build rules for .jxl files, used by find_package(jxl).
#
#   jxl_add_executable(name prog.jxl [OPTIONS -O3 ...])   an executable of the whole program
#   jxl_add_library(name model.jxl [OPTIONS ...])         a static library of the file's @export functions; name.h is
#                                                         on the include path of whatever links with it
#
# Both are ordinary targets (target_link_libraries, install and add_test know them), and are made again when any file
# that jxlc read changes: imported modules, and the .npy files whose headers it looked at.

# Parts of the runtime need other libraries; only programs that use them are linked with those.
set(_jxl_parts "")
find_library(JXL_LAPACK NAMES openblas lapack)
find_library(JXL_BLAS NAMES openblas blas)
find_library(JXL_CAIRO NAMES cairo)
find_library(JXL_PNG NAMES png)
find_library(JXL_ZLIB NAMES z)
foreach(_library JXL_LAPACK JXL_BLAS JXL_CAIRO JXL_PNG JXL_ZLIB)
  if(${_library})
    list(APPEND _jxl_parts "${${_library}}")
  endif()
endforeach()

if(NOT TARGET jxl::runtime)
  add_library(jxl::runtime STATIC IMPORTED)
  set_target_properties(jxl::runtime PROPERTIES
    IMPORTED_LOCATION "${JXL_RUNTIME}" INTERFACE_INCLUDE_DIRECTORIES "${JXL_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "-Wl,--push-state,--as-needed;${_jxl_parts};-Wl,--pop-state;Threads::Threads;m")
endif()

# The shared half: jxlc makes `object`, and `header` where that is not empty.
function(_jxl_compile source object header options)
  cmake_policy(PUSH)
  cmake_policy(SET CMP0116 NEW) # Ninja reads the depfile as jxlc writes it, with absolute paths
  add_custom_command(
    OUTPUT "${object}" ${header}
    COMMAND "${JXL_COMPILER}" ${options} -MD -MF "${object}.d" -MT "${object}" "${source}" -o "${object}"
    DEPENDS "${source}" "${JXL_COMPILER}"
    DEPFILE "${object}.d"
    COMMENT "Compiling ${source}"
    VERBATIM)
  cmake_policy(POP)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
endfunction()

function(jxl_add_executable name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  cmake_path(ABSOLUTE_PATH source)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.jxl.o")
  _jxl_compile("${source}" "${object}" "" "--emit=obj;${arg_OPTIONS}")
  add_executable(${name} "${object}")
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  target_link_libraries(${name} PRIVATE jxl::runtime)
endfunction()

function(jxl_add_library name source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "OPTIONS")
  cmake_path(ABSOLUTE_PATH source)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.o")
  set(header "${CMAKE_CURRENT_BINARY_DIR}/${name}.h")
  _jxl_compile("${source}" "${object}" "${header}" "-c;${arg_OPTIONS}")
  add_library(${name} STATIC "${object}" "${header}")
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
  target_include_directories(${name} INTERFACE "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(${name} INTERFACE jxl::runtime)
endfunction()
