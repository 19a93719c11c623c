# Projects that use Coffer, from an install tree of this build and as a subdirectory. They need everything built.
set(prefix "${CMAKE_CURRENT_BINARY_DIR}/consumer/prefix")
set(options -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}" "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}"
    "-DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER}")

# coffer_add_consumer(NAME FOLDER OPTIONS ...): configures, builds and tests the project in tb/consumer/FOLDER.
function(coffer_add_consumer name folder)
  add_test(NAME consumer.${name}
    COMMAND "${CMAKE_CTEST_COMMAND}" --build-and-test "${CMAKE_CURRENT_SOURCE_DIR}/consumer/${folder}" "${CMAKE_CURRENT_BINARY_DIR}/consumer/${name}"
            --build-generator "${CMAKE_GENERATOR}" --build-noclean --build-options ${options} ${ARGN}
            --test-command "${CMAKE_CTEST_COMMAND}" --output-on-failure --no-tests=error)
endfunction()

if(COFFER_INSTALL)
  # Without what an older build installed.
  add_test(NAME consumer.remove_old_install COMMAND "${CMAKE_COMMAND}" -E rm -rf "${prefix}")
  add_test(NAME consumer.install COMMAND "${CMAKE_COMMAND}" --install "${PROJECT_BINARY_DIR}" --prefix "${prefix}")
  coffer_add_consumer(find_package . "-DCMAKE_PREFIX_PATH=${prefix}")
  separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS}")
  add_test(NAME consumer.pkg_config
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/consumer/with_pkg_config" "${prefix}" "${CMAKE_CXX_COMPILER}" ${flags})
  add_test(NAME consumer.is_relocatable COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/consumer/is_relocatable" "${prefix}" "${PROJECT_SOURCE_DIR}")
  set_tests_properties(consumer.remove_old_install consumer.install PROPERTIES LABELS consumer FIXTURES_SETUP install_tree)
  set_tests_properties(consumer.install PROPERTIES DEPENDS consumer.remove_old_install)
  set_tests_properties(consumer.find_package consumer.pkg_config consumer.is_relocatable PROPERTIES LABELS consumer FIXTURES_REQUIRED install_tree)
endif()
coffer_add_consumer(subdirectory subdirectory "-DCOFFER_SOURCE=${PROJECT_SOURCE_DIR}")
set_tests_properties(consumer.subdirectory PROPERTIES LABELS consumer)
