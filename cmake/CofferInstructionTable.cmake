# The instructions as data: from models/vcpu/instructions.yaml the build makes generated/vcpu/instruction_table.h, for coffer_reference. The page
# docs/instructions.md is committed; the target `instruction_page` rewrites it and a test compares it with what the generator makes now.
add_executable(coffer_instruction_table_generator vcpu/instruction_table_generator.cpp common/errors.cpp)
target_compile_features(coffer_instruction_table_generator PRIVATE cxx_std_17)
target_include_directories(coffer_instruction_table_generator PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(coffer_instruction_table_generator PRIVATE fmt::fmt yaml-cpp coffer_warnings)

set(instructions_input "${CMAKE_CURRENT_SOURCE_DIR}/vcpu/instructions.yaml")
set(instructions_table "${CMAKE_CURRENT_BINARY_DIR}/generated/vcpu/instruction_table.h")
set(instructions_page "${CMAKE_CURRENT_BINARY_DIR}/generated_docs/instructions.md")
set(instructions_committed_page "${PROJECT_SOURCE_DIR}/docs/instructions.md")

add_custom_command(
  OUTPUT "${instructions_table}" "${instructions_page}"
  COMMAND coffer_instruction_table_generator "${instructions_input}" "${instructions_table}" "${instructions_page}"
  DEPENDS "${instructions_input}" coffer_instruction_table_generator
  COMMENT "Generating the instruction table" VERBATIM)
target_sources(coffer_reference PRIVATE "${instructions_table}" "${instructions_page}")

add_custom_target(instruction_page
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${instructions_page}" "${instructions_committed_page}" DEPENDS "${instructions_page}" VERBATIM)
add_dependencies(instruction_page coffer_reference)

if(COFFER_BUILD_TESTS)
  add_test(NAME instructions.page_is_fresh COMMAND "${CMAKE_COMMAND}" -E compare_files "${instructions_page}" "${instructions_committed_page}")
  set_tests_properties(instructions.page_is_fresh PROPERTIES LABELS unit)
endif()
