# What `make install` brings, and the targets products (that, and nothing more) and unit_tests.
add_custom_target(products)
foreach(_target sallyport sallyportd sallyport_mosquitto)
  if(TARGET ${_target})
    add_dependencies(products ${_target})
  endif()
endforeach()
if(TARGET sallyport)
  install(TARGETS sallyport RUNTIME DESTINATION bin)
endif()
if(TARGET sallyportd)
  install(TARGETS sallyportd RUNTIME DESTINATION bin)
endif()
if(TARGET sallyport_mosquitto)
  # No multiarch folder: the path stands in brokers' settings and must be the same everywhere.
  install(TARGETS sallyport_mosquitto LIBRARY DESTINATION lib/sallyport)
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples/ DESTINATION share/sallyport)
if(TARGET sallyport)
  # Every setting with its default and its words, from the schema itself.
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/sallyport.toml
    COMMAND sallyport config default > ${CMAKE_BINARY_DIR}/sallyport.toml
    DEPENDS sallyport VERBATIM)
  add_custom_target(default_settings ALL DEPENDS ${CMAKE_BINARY_DIR}/sallyport.toml)
  add_dependencies(products default_settings)
  install(FILES ${CMAKE_BINARY_DIR}/sallyport.toml DESTINATION share/sallyport)
endif()
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/sallyport)

get_property(_tests GLOBAL PROPERTY SP_TEST_PROGRAMS)
add_custom_target(unit_tests)
if(_tests)
  add_dependencies(unit_tests ${_tests})
endif()
