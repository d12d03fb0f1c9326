# Writes a Lua script as a C++ raw string: cmake -D NAME=report -D IN=... -D OUT=... -P this.
file(READ ${IN} text)
file(WRITE ${OUT} "#include \"cluster/scripts.h\"\n\nnamespace cluster {\n\n"
     "const redis::Script& ${NAME}_script() {\n"
     "  static const redis::Script script(\"${NAME}\", R\"lua(${text})lua\");\n"
     "  return script;\n}\n\n}  // namespace cluster\n")
