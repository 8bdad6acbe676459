# How our own code is compiled: hocket_private carries it to every target of this tree and is never exported.
find_package(Threads REQUIRED)

add_library(hocket_private INTERFACE)
target_compile_options(hocket_private INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>)

# hocket_precompile(TARGET header... | REUSE_FROM other): what nearly all of its files include is read once for all of
# them. g++ builds without, and finds the include that a file lacks; and ccache, which knows such headers badly.
function(hocket_precompile target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    if(ARGV1 STREQUAL "REUSE_FROM")
      target_precompile_headers(${target} ${ARGN})
    else()
      target_precompile_headers(${target} PRIVATE ${ARGN})
    endif()
  endif()
endfunction()

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(HOCKET_CCACHE ccache)
mark_as_advanced(HOCKET_CCACHE)
if(HOCKET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${HOCKET_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${HOCKET_CCACHE}")
endif()

if(HOCKET_SANITIZE)
  add_compile_options(-fsanitize=${HOCKET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(HOCKET_SANITIZE MATCHES "undefined")
    # This check opens a pipe to look at an object, and calls it broken when there is no descriptor left, as a test arranges.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  add_link_options(-fsanitize=${HOCKET_SANITIZE})
endif()

# lld links in a fraction of the time; clang finds its own beside itself.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=lld HOCKET_HAS_LLD)
  if(HOCKET_HAS_LLD)
    add_link_options(-fuse-ld=lld)
    if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)  # most of what one program is linked from was compiled for another already
      add_link_options("-Wl,--thinlto-cache-dir=${PROJECT_BINARY_DIR}/thinlto-cache")
    endif()
  endif()
endif()
