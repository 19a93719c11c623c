# The decisions of H-SVM as data: from models/hsvm/decisions.yaml come generated/hsvm/decisions.h, which the controller is compiled with, and the page
# docs/hsvm_decisions.md, which is committed; the target `decision_page` rewrites it and a test compares it with what the generator makes now.
add_executable(coffer_decision_table_generator hsvm/decision_table_generator.cpp common/errors.cpp)
target_compile_features(coffer_decision_table_generator PRIVATE cxx_std_17)
target_include_directories(coffer_decision_table_generator PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(coffer_decision_table_generator PRIVATE fmt::fmt yaml-cpp coffer_warnings)

set(COFFER_DECISIONS "${CMAKE_CURRENT_SOURCE_DIR}/hsvm/decisions.yaml")
set(COFFER_DECISIONS_HEADER "${CMAKE_CURRENT_BINARY_DIR}/generated/hsvm/decisions.h")
set(COFFER_DECISIONS_PAGE "${CMAKE_CURRENT_BINARY_DIR}/generated_docs/hsvm_decisions.md")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/generated/hsvm" "${CMAKE_CURRENT_BINARY_DIR}/generated_docs")
add_custom_command(
  OUTPUT "${COFFER_DECISIONS_HEADER}" "${COFFER_DECISIONS_PAGE}"
  COMMAND coffer_decision_table_generator "${COFFER_DECISIONS}" "${COFFER_DECISIONS_HEADER}" "${COFFER_DECISIONS_PAGE}"
  DEPENDS "${COFFER_DECISIONS}" coffer_decision_table_generator
  COMMENT "Generating the decision table of H-SVM" VERBATIM)
target_sources(coffer_reference PRIVATE "${COFFER_DECISIONS_HEADER}" "${COFFER_DECISIONS_PAGE}")

add_custom_target(decision_page
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${COFFER_DECISIONS_PAGE}" "${PROJECT_SOURCE_DIR}/docs/hsvm_decisions.md"
  DEPENDS "${COFFER_DECISIONS_PAGE}" VERBATIM)
add_dependencies(decision_page coffer_reference)
add_dependencies(register_pages decision_page)

if(COFFER_BUILD_TESTS)
  add_test(NAME hsvm.page_of_decisions_is_fresh
    COMMAND "${CMAKE_COMMAND}" -E compare_files "${COFFER_DECISIONS_PAGE}" "${PROJECT_SOURCE_DIR}/docs/hsvm_decisions.md")
  set_tests_properties(hsvm.page_of_decisions_is_fresh PROPERTIES LABELS unit)
endif()
