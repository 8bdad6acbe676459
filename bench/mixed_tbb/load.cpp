// The load of the mixed workloads.
#include "../mixed/load.cpp"
