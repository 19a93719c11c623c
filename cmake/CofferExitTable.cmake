# The exits of a vCPU as data: from models/vcpu/exits.yaml the build makes generated/vcpu/exit_table.h, for coffer_reference. The page
# docs/vm_exits.md is committed; the target `exit_page` rewrites it and a test compares it with what the generator makes now.
add_executable(coffer_exit_table_generator vcpu/exit_table_generator.cpp vcpu/vcpu_context.cpp common/errors.cpp)
target_compile_features(coffer_exit_table_generator PRIVATE cxx_std_17)
target_include_directories(coffer_exit_table_generator PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(coffer_exit_table_generator PRIVATE fmt::fmt yaml-cpp coffer_warnings)

set(exits_input "${CMAKE_CURRENT_SOURCE_DIR}/vcpu/exits.yaml")
set(exits_table "${CMAKE_CURRENT_BINARY_DIR}/generated/vcpu/exit_table.h")
set(exits_page "${CMAKE_CURRENT_BINARY_DIR}/generated_docs/vm_exits.md")
set(exits_committed_page "${PROJECT_SOURCE_DIR}/docs/vm_exits.md")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/generated/vcpu" "${CMAKE_CURRENT_BINARY_DIR}/generated_docs")

add_custom_command(
  OUTPUT "${exits_table}" "${exits_page}"
  COMMAND coffer_exit_table_generator "${exits_input}" "${exits_table}" "${exits_page}"
  DEPENDS "${exits_input}" coffer_exit_table_generator
  COMMENT "Generating the exit table" VERBATIM)
target_sources(coffer_reference PRIVATE "${exits_table}" "${exits_page}")

add_custom_target(exit_page
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${exits_page}" "${exits_committed_page}" DEPENDS "${exits_page}" VERBATIM)
add_dependencies(exit_page coffer_reference)

if(COFFER_BUILD_TESTS)
  add_test(NAME exits.page_is_fresh COMMAND "${CMAKE_COMMAND}" -E compare_files "${exits_page}" "${exits_committed_page}")
  set_tests_properties(exits.page_is_fresh PROPERTIES LABELS unit)
endif()
