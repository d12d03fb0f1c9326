# Every library outside the standard one, found once. docs/dependencies.md says why each is here.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(mimalloc REQUIRED)
find_library(URING_LIBRARY uring REQUIRED)

# Its own CMake files name other variables in each version; the two of these stay.
find_path(HIREDIS_INCLUDE_DIR hiredis/hiredis.h REQUIRED)
find_library(HIREDIS_LIBRARY hiredis REQUIRED)
add_library(hiredis_client INTERFACE)
target_include_directories(hiredis_client SYSTEM INTERFACE ${HIREDIS_INCLUDE_DIR})
target_link_libraries(hiredis_client INTERFACE ${HIREDIS_LIBRARY})

add_library(presenced_flags INTERFACE)
target_compile_options(presenced_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
if(PRESENCED_SANITIZE)
  target_compile_options(presenced_flags INTERFACE -fsanitize=${PRESENCED_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(presenced_flags INTERFACE -fsanitize=${PRESENCED_SANITIZE})
  if(PRESENCED_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # Asio fences, which the sanitizer does not see; our threads meet in mutexes, which it does.
    target_compile_options(presenced_flags INTERFACE -Wno-tsan)
  endif()
endif()

if(PRESENCED_FUZZ)
  # Coverage of our code is what libFuzzer steers by; the runtime is linked to the programs alone.
  target_compile_options(presenced_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(PRESENCED_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
