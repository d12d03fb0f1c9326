// What the allocator keeps for later use.
#pragma once

namespace app {

// Gives memory that the calling thread has freed back to the system. Slow; after large work.
void release_free_memory();

}  // namespace app
