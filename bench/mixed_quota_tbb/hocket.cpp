// The one pool of mixed_tbb.
#include <hocket/tbb/parallel_for.hpp>

#include "../mixed_tbb/hocket.cpp"
