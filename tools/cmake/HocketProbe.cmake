# One line of warning when the compiler has g++ 12's coroutine bugs: code that follows the rules of the README is safe
# with it, and the runtime stops with a message where the first rule is broken.
if(CMAKE_CROSSCOMPILING)
  return()
endif()

if(NOT DEFINED HOCKET_COROUTINE_BUGS)
  set(CMAKE_TRY_COMPILE_CONFIGURATION Debug)
  try_run(HOCKET_COROUTINE_BUGS HOCKET_COROUTINE_PROBE_BUILT
    "${PROJECT_BINARY_DIR}/probe" "${CMAKE_CURRENT_LIST_DIR}/coroutine_probe.cpp"
    CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON)
  mark_as_advanced(HOCKET_COROUTINE_BUGS HOCKET_COROUTINE_PROBE_BUILT)
  if(NOT HOCKET_COROUTINE_PROBE_BUILT)
    message(FATAL_ERROR "hocket: ${CMAKE_CXX_COMPILER} does not compile C++20 coroutines; g++ 12 or clang 17 is the least")
  endif()
endif()

if(HOCKET_COROUTINE_BUGS)
  message(NOTICE "hocket: warning: ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} miscompiles some coroutines: "
    "keep to the rules under 'Compilers' in README.md, or use clang-19")
endif()
