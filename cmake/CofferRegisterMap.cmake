# The registers of a block as data: coffer_add_register_map(BLOCK) makes, from models/BLOCK/registers.yaml,
#   generated/BLOCK/registers.h       C header (offsets, field masks, reset values), also for C++
#   generated/BLOCK/register_table.h  the table that TLM modules decode accesses with
# and adds them to coffer_reference. The page docs/registers_BLOCK.md is committed; the target `register_pages` rewrites it and a test
# compares it with what the generator makes now.
add_executable(coffer_register_map_generator common/register_map_generator.cpp common/errors.cpp)
target_compile_features(coffer_register_map_generator PRIVATE cxx_std_17)
target_include_directories(coffer_register_map_generator PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(coffer_register_map_generator PRIVATE fmt::fmt yaml-cpp coffer_warnings)

add_custom_target(register_pages)

function(coffer_add_register_map block)
  set(input "${CMAKE_CURRENT_SOURCE_DIR}/${block}/registers.yaml")
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/generated/${block}")
  set(header "${directory}/registers.h")
  set(table "${directory}/register_table.h")
  set(generated_page "${CMAKE_CURRENT_BINARY_DIR}/generated_docs/registers_${block}.md")
  set(committed_page "${PROJECT_SOURCE_DIR}/docs/registers_${block}.md")
  file(MAKE_DIRECTORY "${directory}" "${CMAKE_CURRENT_BINARY_DIR}/generated_docs")

  add_custom_command(
    OUTPUT "${header}" "${table}" "${generated_page}"
    COMMAND coffer_register_map_generator "${input}" "${header}" "${table}" "${generated_page}"
    DEPENDS "${input}" coffer_register_map_generator
    COMMENT "Generating the registers of ${block}" VERBATIM)
  target_sources(coffer_reference PRIVATE "${header}" "${table}" "${generated_page}")

  add_custom_target(register_page_${block}
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${generated_page}" "${committed_page}" DEPENDS "${generated_page}" VERBATIM)
  add_dependencies(register_page_${block} coffer_reference)
  add_dependencies(register_pages register_page_${block})

  if(COFFER_BUILD_TESTS)
    add_test(NAME registers.page_of_${block}_is_fresh
      COMMAND "${CMAKE_COMMAND}" -E compare_files "${generated_page}" "${committed_page}")
    set_tests_properties(registers.page_of_${block}_is_fresh PROPERTIES LABELS unit)
  endif()
endfunction()
