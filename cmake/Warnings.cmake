add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
                    -Wnull-dereference -Werror)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "sanitize")
  # g++ 12 reports false null dereferences and uninitialised reads in instrumented library headers.
  add_compile_options(-Wno-null-dereference -Wno-maybe-uninitialized)
endif()
