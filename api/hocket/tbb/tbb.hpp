// The whole room: on_tbb, parallel_for, parallel_reduce, parallel_sort, parallel_invoke.
#pragma once

#include <hocket/tbb/on_tbb.hpp>
#include <hocket/tbb/parallel_for.hpp>
#include <hocket/tbb/parallel_invoke.hpp>
#include <hocket/tbb/parallel_reduce.hpp>
#include <hocket/tbb/parallel_sort.hpp>
