# Tables as data: a YAML file, and a generator that makes headers and a page of the documentation from it.

# Rewrites the committed pages with what the generators make now.
add_custom_target(generated_pages)

# coffer_add_table_generator(NAME SOURCE...): a program that is called with the YAML file, then with each file that it makes, the page last.
function(coffer_add_table_generator name)
  add_executable(${name} ${ARGN} common/errors.cpp)
  target_compile_features(${name} PRIVATE cxx_std_17)
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE fmt::fmt yaml-cpp coffer_warnings)
endfunction()

# coffer_add_generated_table(GENERATOR NAME INPUT FILE.yaml HEADERS FILE.h... PAGE FILE.md TEST NAME): headers, below generated/, go into
# coffer_reference; INPUT is relative to this folder. The page is committed in docs/, and the test compares it with what the generator makes now.
function(coffer_add_generated_table)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "GENERATOR;INPUT;PAGE;TEST" "HEADERS")
  set(input "${CMAKE_CURRENT_SOURCE_DIR}/${arg_INPUT}")
  set(generated_page "${CMAKE_CURRENT_BINARY_DIR}/generated_docs/${arg_PAGE}")
  set(committed_page "${PROJECT_SOURCE_DIR}/docs/${arg_PAGE}")
  list(TRANSFORM arg_HEADERS PREPEND "${CMAKE_CURRENT_BINARY_DIR}/generated/" OUTPUT_VARIABLE outputs)
  list(APPEND outputs "${generated_page}")
  foreach(output ${outputs})
    get_filename_component(directory "${output}" DIRECTORY)
    file(MAKE_DIRECTORY "${directory}")
  endforeach()

  add_custom_command(
    OUTPUT ${outputs} COMMAND ${arg_GENERATOR} "${input}" ${outputs}
    DEPENDS "${input}" ${arg_GENERATOR} COMMENT "Generating from ${arg_INPUT}" VERBATIM)
  target_sources(coffer_reference PRIVATE ${outputs})

  add_custom_target(generated_page_${arg_PAGE}
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${generated_page}" "${committed_page}" DEPENDS "${generated_page}" VERBATIM)
  # One rule makes the page: coffer_reference's.
  add_dependencies(generated_page_${arg_PAGE} coffer_reference)
  add_dependencies(generated_pages generated_page_${arg_PAGE})

  if(COFFER_BUILD_TESTS)
    add_test(NAME ${arg_TEST} COMMAND "${CMAKE_COMMAND}" -E compare_files "${generated_page}" "${committed_page}")
    set_tests_properties(${arg_TEST} PROPERTIES LABELS unit)
  endif()
endfunction()
