/* The bytes that web/pack.mjs packed, as they are: neither the compiler nor the preprocessor has to
   read a megabyte of them. src/page/embedded.cc knows what lies where. */
    .section .rodata
    .global presenced_page_bytes
    .balign 16
presenced_page_bytes:
    .incbin ASSETS_FILE
    .section .note.GNU-stack, "", %progbits
