# cmake -D WAY=installed|build_tree|subdirectory -D SOURCE=... -D BUILD=... -D WORK=... [-D COMPILER=... ...] -P check.cmake
#
# Builds the consumer project against hocket in one way and runs it; stops with the step that failed and its output.
function(step title)
  message(STATUS "${WAY}: ${title}")
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    string(JOIN " " command ${ARGN})
    message(FATAL_ERROR "${WAY}: ${title} failed (${result})\n  ${command}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")

if(WAY STREQUAL "installed")
  step("install" "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/first")
  # A package must not remember where it was installed.
  file(RENAME "${WORK}/first" "${WORK}/moved")
  set(where "-DCMAKE_PREFIX_PATH=${WORK}/moved")
elseif(WAY STREQUAL "build_tree")
  set(where "-Dhocket_DIR=${BUILD}")
elseif(WAY STREQUAL "subdirectory")
  set(where "-DHOCKET_SUBDIRECTORY=${SOURCE}")
  set(BUILD_TYPE Debug)  # all of hocket is built once more: the quickest will do
else()
  message(FATAL_ERROR "WAY must be installed, build_tree or subdirectory, not '${WAY}'")
endif()

set(sanitize)
if(SANITIZE)
  set(sanitize "-DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE}" "-DCMAKE_C_FLAGS=-fsanitize=${SANITIZE}")
endif()
step("configure" "${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${SOURCE}/tests/package" -B "${WORK}/build" ${where} ${sanitize}
  "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}"
  "-DCMAKE_C_COMPILER_LAUNCHER=${LAUNCHER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")
step("build" "${CMAKE_COMMAND}" --build "${WORK}/build")
step("run consumer" "${WORK}/build/consumer")
step("run runtime_consumer" "${WORK}/build/runtime_consumer")
