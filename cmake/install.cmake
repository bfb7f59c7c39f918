# What `make install` brings, and the target unit_tests.
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
install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples/ DESTINATION share/sallyport OPTIONAL)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/sallyport)

get_property(_tests GLOBAL PROPERTY SP_TEST_PROGRAMS)
add_custom_target(unit_tests)
if(_tests)
  add_dependencies(unit_tests ${_tests})
endif()
