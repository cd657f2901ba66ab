# LLVM's C API, and libclang of the very same version where it is installed.
#
# The newest version from 22 down to 14 whose headers and shared library are both there is taken; -DJXL_LLVM=14 chooses.
# Two LLVM libraries in one process clash, so libclang is looked for beside LLVM's own library and nowhere else.
#
#   LLVMC::LLVM      libLLVM with its headers; LLVMC_VERSION, LLVMC_BINDIR
#   LLVMC::libclang  only where clang-c/Index.h and the library are installed

set(JXL_LLVM "" CACHE STRING "LLVM's major version; empty means the newest installed, from 22 down to 14")

if(JXL_LLVM)
  set(_versions ${JXL_LLVM})
else()
  set(_versions 22 21 20 19 18 17 16 15 14)
endif()

foreach(_major IN LISTS _versions)
  find_program(_config NAMES llvm-config-${_major} llvm-config${_major} llvm-config
               HINTS /usr/lib/llvm-${_major}/bin /usr/local/lib/llvm-${_major}/bin NO_CACHE)
  if(NOT _config)
    continue()
  endif()
  execute_process(COMMAND ${_config} --version --includedir --libdir --bindir
                  OUTPUT_VARIABLE _answer OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _status ERROR_QUIET)
  unset(_config)
  string(REPLACE "\n" ";" _answer "${_answer}")
  list(LENGTH _answer _lines)
  if(NOT _status EQUAL 0 OR NOT _lines EQUAL 4)
    continue()
  endif()
  list(GET _answer 0 _version)
  list(GET _answer 1 _include)
  list(GET _answer 2 _libdir)
  if(NOT _version MATCHES "^${_major}\\." OR NOT EXISTS ${_include}/llvm-c/Core.h)
    continue()
  endif()
  find_library(_library NAMES LLVM-${_major} LLVM PATHS ${_libdir} NO_DEFAULT_PATH NO_CACHE)
  if(_library)
    set(LLVMC_VERSION ${_version})
    set(LLVMC_LIBRARY ${_library})
    list(GET _answer 3 LLVMC_BINDIR)
    find_library(LLVMC_CLANG_LIBRARY NAMES clang-${_major} clang PATHS ${_libdir} NO_DEFAULT_PATH NO_CACHE)
    if(NOT EXISTS ${_include}/clang-c/Index.h)
      set(LLVMC_CLANG_LIBRARY NOTFOUND)
    endif()
    break()
  endif()
endforeach()
unset(_library)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LLVMC REQUIRED_VARS LLVMC_LIBRARY VERSION_VAR LLVMC_VERSION
  REASON_FAILURE_MESSAGE "cmake/install-packages.sh installs it (on Debian 12 that is llvm-22-dev, or llvm-dev for 14)")

if(LLVMC_FOUND AND NOT TARGET LLVMC::LLVM)
  add_library(LLVMC::LLVM UNKNOWN IMPORTED)
  set_target_properties(LLVMC::LLVM PROPERTIES
    IMPORTED_LOCATION ${LLVMC_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${_include})
  if(LLVMC_CLANG_LIBRARY)
    add_library(LLVMC::libclang UNKNOWN IMPORTED)
    set_target_properties(LLVMC::libclang PROPERTIES
      IMPORTED_LOCATION ${LLVMC_CLANG_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${_include}
      INTERFACE_COMPILE_DEFINITIONS JXL_HAVE_LIBCLANG)
  endif()
endif()
