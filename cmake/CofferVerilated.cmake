# Designs as C++: coffer_add_verilated(TARGET SOURCE file.v [TOP module] [PREFIX class] [MUTATED] [ARGUMENTS ...] [OPTIMIZE flags]) makes TARGET, an
# interface library with the header <PREFIX.h> of the Verilated model, made and compiled by one step that Ninja runs beside others. PREFIX is V<top>
# unless told. MUTATED: of a copy of the source in which one operator is exchanged (tb/cosim/mutate_verilog).
find_program(VERILATOR verilator)
if(NOT VERILATOR)
  message(FATAL_ERROR "Install verilator, or turn COFFER_RTL off: nothing of the hardware level can run without it.")
endif()
execute_process(COMMAND "${VERILATOR}" --getenv VERILATOR_ROOT OUTPUT_VARIABLE VERILATOR_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_program(MAKE NAMES gmake make REQUIRED)
find_package(ZLIB REQUIRED)

# What every model links. Traces and coverage cost nothing where a model has none.
add_library(coffer_verilated STATIC "${VERILATOR_ROOT}/include/verilated.cpp" "${VERILATOR_ROOT}/include/verilated_cov.cpp"
            "${VERILATOR_ROOT}/include/verilated_fst_c.cpp" "${VERILATOR_ROOT}/include/verilated_threads.cpp")
target_include_directories(coffer_verilated SYSTEM PUBLIC "${VERILATOR_ROOT}/include" "${VERILATOR_ROOT}/include/vltstd")
target_compile_definitions(coffer_verilated PUBLIC VM_COVERAGE=1 VM_SC=0 VM_TRACE=1 VM_TRACE_FST=1 VL_TIME_CONTEXT)
target_compile_options(coffer_verilated PRIVATE -w)
target_link_libraries(coffer_verilated PUBLIC Threads::Threads ZLIB::ZLIB)

function(coffer_add_verilated target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "MUTATED" "SOURCE;TOP;PREFIX;OPTIMIZE" "ARGUMENTS")
  cmake_path(GET arg_SOURCE STEM name)
  if(NOT arg_TOP)
    set(arg_TOP "${name}")
  endif()
  if(NOT arg_PREFIX)
    set(arg_PREFIX "V${arg_TOP}")
  endif()
  if(NOT arg_OPTIMIZE)
    set(arg_OPTIMIZE "-O1")
  endif()
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(source "${arg_SOURCE}")
  set(waivers "${PROJECT_SOURCE_DIR}/rtl_gen/waivers.vlt")
  file(MAKE_DIRECTORY "${directory}")
  if(arg_MUTATED)
    set(source "${directory}/${name}.v")
    # A mutation may be all kinds of strange.
    set(waivers -Wno-lint)
    set(mutate "${PROJECT_SOURCE_DIR}/tb/cosim/mutate_verilog")
    add_custom_command(OUTPUT "${source}" COMMAND "${mutate}" "${arg_SOURCE}" "${source}" DEPENDS "${arg_SOURCE}" "${mutate}" VERBATIM)
  endif()

  set(library "${directory}/${arg_PREFIX}__ALL.a")
  set(environment)
  if(CMAKE_CXX_COMPILER_LAUNCHER)
    set(environment "OBJCACHE=${CMAKE_CXX_COMPILER_LAUNCHER}")
  endif()
  add_custom_command(OUTPUT "${library}" BYPRODUCTS "${directory}/${arg_PREFIX}.h"
    COMMAND "${VERILATOR}" --cc --Mdir "${directory}" --prefix "${arg_PREFIX}" --top-module "${arg_TOP}" --output-split 200000
            ${arg_ARGUMENTS} ${waivers} "${source}"
    COMMAND "${CMAKE_COMMAND}" -E env ${environment} "${MAKE}" -s -C "${directory}" -f "${arg_PREFIX}.mk" "CXX=${CMAKE_CXX_COMPILER}"
            "OPT_FAST=${arg_OPTIMIZE}" OPT_SLOW=-O0 "${arg_PREFIX}__ALL.a"
    DEPENDS "${source}" COMMENT "Verilating ${target}" VERBATIM)
  add_custom_target(${target}_model DEPENDS "${library}")

  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_model)
  target_include_directories(${target} SYSTEM INTERFACE "${directory}")
  target_link_libraries(${target} INTERFACE "${library}" coffer_verilated)
endfunction()
