# presenced_module(NAME [DEPENDS modules...] [LINKS libraries...] [PRIVATE_LINKS libraries...])
#
# One folder of src/ as one static library: every *.cc in it but *_test.cc, which become the test
# program NAME_test. DEPENDS are modules of ours, and they are the only ones whose headers the
# folder may include (scripts/check_layers.sh reads these very calls).
function(presenced_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LINKS;PRIVATE_LINKS;TEST_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  list(REMOVE_ITEM sources ${tests} "")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE presenced_flags ${arg_PRIVATE_LINKS})
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} ${scope} ${arg_DEPENDS} ${arg_LINKS})
  if(tests AND PRESENCED_TESTS)
    add_executable(${name}_test ${tests})
    # Sanitized, the tests take twice as long to compile as to run; what they test is optimized.
    if(PRESENCED_SANITIZE)
      set_source_files_properties(${tests} PROPERTIES COMPILE_OPTIONS -O0)
    endif()
    target_link_libraries(${name}_test PRIVATE ${name} presenced_flags ${arg_PRIVATE_LINKS}
                          ${arg_TEST_LINKS} GTest::gmock GTest::gtest_main rapidcheck)
    set_target_properties(${name}_test PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    presenced_add_test(${name} ${name}_test)
    # What starts threads, or is linked with what does, is run under ThreadSanitizer too.
    if("Threads::Threads" IN_LIST arg_LINKS OR "Threads::Threads" IN_LIST arg_PRIVATE_LINKS
       OR "runtime" IN_LIST arg_DEPENDS OR "store" IN_LIST arg_DEPENDS)
      set_tests_properties(${name} PROPERTIES LABELS threads)
      add_dependencies(threaded_tests ${name}_test)
    endif()
  endif()
endfunction()

# All unit tests, and those that are worth a run under ThreadSanitizer.
add_custom_target(unit_tests)
add_custom_target(threaded_tests)

# presenced_add_test(NAME PROGRAM): a GoogleTest program as one test of ctest, which leaves a report of
# its cases in the build folder's reports/NAME.xml for ./dev test to count.
function(presenced_add_test name program)
  add_test(NAME ${name} COMMAND ${program})
  add_dependencies(unit_tests ${program})
  set_tests_properties(${name} PROPERTIES
                       ENVIRONMENT "GTEST_OUTPUT=xml:${CMAKE_BINARY_DIR}/reports/${name}.xml")
endfunction()

# presenced_fuzz(NAME modules...): fuzz/NAME_fuzz.cc as the libFuzzer program fuzz_NAME, linked with
# these modules of ours. Its seeds are in fuzz/corpus/NAME. All of them: the target fuzz_targets.
add_custom_target(fuzz_targets)
function(presenced_fuzz name)
  add_executable(fuzz_${name} ${CMAKE_SOURCE_DIR}/fuzz/${name}_fuzz.cc)
  target_link_libraries(fuzz_${name} PRIVATE presenced_flags ${ARGN})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz_targets fuzz_${name})
endfunction()
