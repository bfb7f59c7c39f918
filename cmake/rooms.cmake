# sp_room(name): src/name/*.cpp becomes the static library sp_name, which links
# what its row of layers.txt allows and its own third-party libraries;
# src/name/*_test.cpp becomes the program name_tests.

file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/layers.txt _rows REGEX "^[a-z]+:")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/layers.txt)
foreach(_row IN LISTS _rows)
  string(REGEX MATCH "^([a-z]+): *(.*)$" _ "${_row}")
  set(_room ${CMAKE_MATCH_1})
  string(REPLACE " " ";" SP_LAYER_${_room} "${CMAKE_MATCH_2}")
endforeach()

# Third-party libraries, each in the one room that may include it.
set(SP_LIBS_crypto OpenSSL::Crypto sp_sodium)
set(SP_LIBS_store SQLite::SQLite3)
set(SP_LIBS_net CURL::libcurl)

# What a decision goes through is compiled with -O3: a cold HS256 token is a thirtieth cheaper, other rooms gain nothing.
set(SP_ON_THE_PATH codec jose rules users bars auth)

function(sp_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(deps)
  foreach(dep IN LISTS SP_LAYER_${name})
    list(APPEND deps sp_${dep})
  endforeach()
  if(sources)
    add_library(sp_${name} STATIC ${sources})
    target_include_directories(sp_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(sp_${name} PUBLIC ${deps} ${SP_LIBS_${name}} sp_flags)
    if(name IN_LIST SP_ON_THE_PATH)
      target_compile_options(sp_${name} PRIVATE $<$<CONFIG:Release>:-O3>)
    endif()
  else()
    add_library(sp_${name} INTERFACE)
    target_include_directories(sp_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(sp_${name} INTERFACE ${deps} ${SP_LIBS_${name}} sp_flags)
  endif()
  if(tests AND SALLYPORT_TESTS)
    sp_test(${name}_tests SOURCES ${tests} LINK sp_${name})
  endif()
endfunction()

# sp_test(program SOURCES ... LINK ...): a GoogleTest program in build/bin.
function(sp_test program)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main sp_flags)
  # GoogleTest's headers are the slowest to read: precompiled once, for all programs.
  if(NOT TARGET sp_test_headers)
    file(WRITE ${CMAKE_BINARY_DIR}/sp_test_headers.cpp "")
    add_library(sp_test_headers OBJECT ${CMAKE_BINARY_DIR}/sp_test_headers.cpp)
    target_link_libraries(sp_test_headers PRIVATE GTest::gmock GTest::gtest_main sp_flags)
    target_precompile_headers(sp_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <string> <string_view> <vector>)
    target_compile_definitions(sp_test_headers PRIVATE SP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_compile_options(sp_test_headers PRIVATE -Wno-sign-conversion -Wno-conversion -fPIE $<$<CONFIG:Debug>:-O0>)
  endif()
  target_precompile_headers(${program} REUSE_FROM sp_test_headers)
  target_compile_definitions(${program} PRIVATE SP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # GoogleTest's macros do not survive these two.
  # Under a sanitizer the tests' own code costs the most to build and the least to run.
  target_compile_options(${program} PRIVATE -Wno-sign-conversion -Wno-conversion $<$<CONFIG:Debug>:-O0>)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${program} COMMAND ${program})
  set_property(GLOBAL APPEND PROPERTY SP_TEST_PROGRAMS ${program})
endfunction()
