# hocket_library(NAME [COMPONENT c] [DOORS folder] FOLDERS folder... [LINKS target...])
#
# Makes the target hocket::NAME of every .cpp under the FOLDERS (and directly in DOORS), with every .hpp beside them as
# a public header, included as <hocket/...> and compiled alone by all_verify_interface_header_sets. A room that has no
# .cpp becomes a header-only target.
include(GNUInstallDirs)

function(hocket_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "COMPONENT;DOORS" "FOLDERS;LINKS")
  set(root "${CMAKE_CURRENT_SOURCE_DIR}")
  set(sources)
  set(headers)
  foreach(folder IN LISTS arg_FOLDERS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS "${root}/${folder}/*.cpp")
    list(APPEND sources ${found})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS "${root}/${folder}/*.hpp")
    list(APPEND headers ${found})
  endforeach()
  if(arg_DOORS)
    file(GLOB found CONFIGURE_DEPENDS "${root}/${arg_DOORS}/*.cpp")
    list(APPEND sources ${found})
    file(GLOB found CONFIGURE_DEPENDS "${root}/${arg_DOORS}/*.hpp")
    list(APPEND headers ${found})
  endif()

  set(target "hocket_${name}")
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    # Not by linking hocket_private: a static library would have to export it.
    target_compile_options(${target} PRIVATE $<TARGET_PROPERTY:hocket_private,INTERFACE_COMPILE_OPTIONS>)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(hocket::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  if(name STREQUAL "hocket")
    set_target_properties(${target} PROPERTIES OUTPUT_NAME hocket)
  endif()

  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${root}" FILES ${headers})
  target_compile_features(${target} ${scope} cxx_std_20)
  # A coroutine that forgets its co_return is undefined behaviour: everyone who includes us gets this as an error.
  target_compile_options(${target} ${scope} $<$<COMPILE_LANGUAGE:CXX>:-Werror=return-type>)
  target_link_libraries(${target} ${scope} Threads::Threads ${arg_LINKS})

  if(arg_COMPONENT)
    set(export "hocket_${arg_COMPONENT}")
    set_property(GLOBAL APPEND PROPERTY HOCKET_COMPONENTS ${arg_COMPONENT})
  else()
    set(export hocket)
  endif()
  if(HOCKET_INSTALL)
    install(TARGETS ${target} EXPORT ${export}
      ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
      FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  endif()
endfunction()
