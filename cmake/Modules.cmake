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
    target_link_libraries(${name}_test PRIVATE ${name} presenced_flags ${arg_PRIVATE_LINKS}
                          ${arg_TEST_LINKS} GTest::gmock GTest::gtest_main rapidcheck)
    set_target_properties(${name}_test PROPERTIES
                          RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
