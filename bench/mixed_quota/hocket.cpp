// The one pool of the mixed workloads.
#include "../mixed/hocket.cpp"
