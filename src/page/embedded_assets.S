/* The bytes that web/pack.mjs packed, as they are: neither the compiler nor the preprocessor has to
   read a megabyte of them. The tables over them, embedded.cc, are written by the same script. */
    .section .rodata
    .global presenced_page_bytes
    .balign 16
presenced_page_bytes:
    .incbin ASSETS_FILE
    .section .note.GNU-stack, "", %progbits
