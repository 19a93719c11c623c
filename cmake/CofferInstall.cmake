# Libraries as CMake packages (find_package(Coffer)) and pkg-config files, headers as they are included, and the program with its data.
include(CMakePackageConfigHelpers)
set(COFFER_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Coffer")

# SystemC is needed for the second set alone: two sets keep Coffer::reference usable where there is none.
install(TARGETS coffer_reference EXPORT CofferReferenceTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS coffer_tlm EXPORT CofferTlmTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT CofferReferenceTargets NAMESPACE Coffer:: DESTINATION "${COFFER_CMAKE_DIR}")
install(EXPORT CofferTlmTargets NAMESPACE Coffer:: DESTINATION "${COFFER_CMAKE_DIR}")

configure_package_config_file(cmake/CofferConfig.cmake.in "${PROJECT_BINARY_DIR}/CofferConfig.cmake" INSTALL_DESTINATION "${COFFER_CMAKE_DIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/CofferConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/CofferConfig.cmake" "${PROJECT_BINARY_DIR}/CofferConfigVersion.cmake"
              cmake/FindCofferLibraries.cmake cmake/FindCofferSystemC.cmake DESTINATION "${COFFER_CMAKE_DIR}")

# Relative to the file's own place, so that an installed tree may be moved.
file(RELATIVE_PATH COFFER_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
foreach(name coffer coffer-tlm)
  configure_file(cmake/${name}.pc.in "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

install(DIRECTORY models/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/coffer" FILES_MATCHING PATTERN "*.h" PATTERN platform EXCLUDE PATTERN attack EXCLUDE PATTERN build_tool.h EXCLUDE PATTERN rsa_keys.h EXCLUDE)
install(DIRECTORY "${PROJECT_BINARY_DIR}/models/generated/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/coffer" FILES_MATCHING PATTERN "*.h")

install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(COFFER_BUILD_PROGRAM)
  install(TARGETS coffer RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(DIRECTORY models/platform/presets DESTINATION "${CMAKE_INSTALL_DATADIR}/coffer")
  install(DIRECTORY vectors/traces DESTINATION "${CMAKE_INSTALL_DATADIR}/coffer" OPTIONAL)
endif()
