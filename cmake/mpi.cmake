# The MPIs that are installed, of the two kinds that there are: Open MPI, and MPICH with those that are built as it is (Intel MPI,
# MVAPICH, Cray MPICH).
#
#   jxl_mpis                    openmpi, mpich; the one that mpicc belongs to is first
#   jxl_openmpi_includes, ...   where its mpi.h is
#   jxl_openmpi_library, ...    what is linked with

set(jxl_mpis)

# What mpicc knows: the only one on most clusters.
find_package(MPI QUIET COMPONENTS C)
if(MPI_C_FOUND)
  include(CheckSymbolExists)
  set(CMAKE_REQUIRED_INCLUDES ${MPI_C_INCLUDE_DIRS})
  check_symbol_exists(OPEN_MPI mpi.h JXL_MPICC_IS_OPENMPI)
  unset(CMAKE_REQUIRED_INCLUDES)
  set(first mpich)
  if(JXL_MPICC_IS_OPENMPI)
    set(first openmpi)
  endif()
  list(APPEND jxl_mpis ${first})
  set(jxl_${first}_includes ${MPI_C_INCLUDE_DIRS})
  list(GET MPI_C_LIBRARIES 0 jxl_${first}_library)
endif()

# The other one, where its package describes it.
function(find_other_mpi name package library)
  if(name IN_LIST jxl_mpis OR NOT PkgConfig_FOUND)
    return()
  endif()
  pkg_check_modules(${package} QUIET ${package})
  find_library(JXL_LIBRARY_${package} ${library} HINTS ${${package}_LIBRARY_DIRS})
  if(${package}_FOUND AND JXL_LIBRARY_${package})
    set(jxl_mpis ${jxl_mpis} ${name} PARENT_SCOPE)
    set(jxl_${name}_includes ${${package}_INCLUDE_DIRS} PARENT_SCOPE)
    set(jxl_${name}_library ${JXL_LIBRARY_${package}} PARENT_SCOPE)
  endif()
endfunction()
find_other_mpi(openmpi ompi-c mpi)
find_other_mpi(mpich mpich mpich)

# Their launchers, for tests.
find_program(JXL_MPIRUN_openmpi NAMES mpirun.openmpi mpirun)
find_program(JXL_MPIRUN_mpich NAMES mpirun.mpich mpiexec.hydra mpirun)
