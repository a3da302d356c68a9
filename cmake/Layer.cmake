# fb_layer(NAME SOURCES ... PUBLIC ... PRIVATE ...): one folder under operator/ as one static library.
# A layer sees include/, its own headers and those of the layers it links, and no others: headers are
# included as "base/log.h", found through one include folder per layer, so that an include against
# the direction does not build.
function(fb_layer name)
  cmake_parse_arguments(L "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(fb_${name} STATIC ${L_SOURCES})
  add_library(fb::${name} ALIAS fb_${name})
  # A folder that holds nothing but a link to this layer's folder.
  set(view ${CMAKE_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${name} SYMBOLIC)
  target_include_directories(fb_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${view})
  target_link_libraries(fb_${name} PUBLIC ${L_PUBLIC} PRIVATE ${L_PRIVATE})
endfunction()
