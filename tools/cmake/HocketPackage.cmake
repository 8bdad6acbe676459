# find_package(hocket CONFIG [COMPONENTS http testing mimalloc ...]): from an installed prefix, which may be moved, or
# from this build tree (hocket_DIR = the build folder). Each component is an export set of its own, so that only those
# who ask for it need its packages.
if(NOT HOCKET_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)

get_property(HOCKET_COMPONENTS GLOBAL PROPERTY HOCKET_COMPONENTS)
set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/hocket")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/hocketConfig.cmake.in" "${PROJECT_BINARY_DIR}/hocketConfig.cmake"
  INSTALL_DESTINATION "${destination}"
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/hocketConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/hocketConfig.cmake" "${PROJECT_BINARY_DIR}/hocketConfigVersion.cmake"
  DESTINATION "${destination}")

install(EXPORT hocket NAMESPACE hocket:: FILE hocketTargets.cmake DESTINATION "${destination}")
export(EXPORT hocket NAMESPACE hocket:: FILE "${PROJECT_BINARY_DIR}/hocketTargets.cmake")
foreach(component IN LISTS HOCKET_COMPONENTS)
  install(EXPORT hocket_${component} NAMESPACE hocket:: FILE hocket-${component}.cmake DESTINATION "${destination}")
  export(EXPORT hocket_${component} NAMESPACE hocket:: FILE "${PROJECT_BINARY_DIR}/hocket-${component}.cmake")
endforeach()
