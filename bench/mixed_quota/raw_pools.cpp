// The two pools of the mixed workloads.
#include "../mixed/raw_pools.cpp"
