// The two pools of mixed_tbb.
#include <tbb/parallel_for.h>

#include "../mixed_tbb/tbb.cpp"
