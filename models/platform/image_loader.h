#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "aise/lpid_source.h"
#include "bmt/node_mac.h"
#include "common/byte_store.h"
#include "memory/protected_memory.h"
#include "platform/guests.h"

namespace coffer {

/// Puts the images of all guests that have one into a memory, as their owners would have made them: encrypted, with counters, tags and trees,
/// or plain where nothing is protected. The same images for equal seeds. Takes no simulated time and moves no module's counters.
///
/// The guests must be installed already, in this order and without trees of their own: LPIDs drawn here are then above their floors, and trees lie
/// where the platform's own room for them is. Gives the root of every guest's tree, zeros where it has none.
std::vector<NodeTag> load_images(const ProtectedMemoryParameters& parameters, const std::vector<Guest>& guests, std::uint64_t seed, ByteStore& memory,
                                 LpidSource& lpids);

/// Calls write(gpa, hpa, data) for every line of a guest's image, in the order of its pages; of an empty image for none.
void for_each_image_line(const Guest& guest, std::uint64_t seed,
                         const std::function<void(Address gpa, Address hpa, const std::uint8_t* data)>& write);

}  // namespace coffer
