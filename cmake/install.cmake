# What `cmake --install build` puts under the prefix, and the package that find_package(jxl) finds there.
#
#   bin/jxlc  include/jxl/  lib/jxl/libjxlrt.a libjxlmpi-*  lib/cmake/jxl/
#
# jxlc finds include/jxl and lib/jxl from where it stands itself, so the tree may be moved as a whole.

include(CMakePackageConfigHelpers)
set(package lib/cmake/jxl)

install(DIRECTORY include/jxl DESTINATION include)
if(TARGET jxlrt)
  install(TARGETS jxlrt ARCHIVE DESTINATION lib/jxl)
endif()
if(mpi_targets)
  install(TARGETS ${mpi_targets} LIBRARY DESTINATION lib/jxl ARCHIVE DESTINATION lib/jxl)
endif()
if(TARGET jxllapack)
  install(TARGETS jxllapack LIBRARY DESTINATION lib/jxl)
endif()
if(TARGET jxlc)
  install(TARGETS jxlc RUNTIME DESTINATION bin)
endif()

configure_package_config_file(cmake/jxlConfig.cmake.in jxlConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(jxlConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/jxlConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/jxlConfigVersion.cmake
              cmake/jxlTargets.cmake DESTINATION ${package})
