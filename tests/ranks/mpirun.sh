# mpirun as tests want it, whoever runs them and however few processors there are: `on 4 PROGRAM...`.  Read by other scripts.
# Who waits long sleeps (runtime/collective.c), which gives way better than yielding does.
# MPIRUN is the launcher, with its MPI's name in MPI: openmpi or mpich.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_mpi_yield_when_idle=0 OMPI_MCA_orte_base_help_aggregate=0 JXL_NUM_THREADS=1

command -v "$MPIRUN" >/dev/null || exit 77
on() {
    ranks=$1
    shift
    "$MPIRUN" -n "$ranks" "$@" </dev/null
}
