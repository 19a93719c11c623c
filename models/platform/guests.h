#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/units.h"
#include "crypto/keys.h"
#include "platform/configuration.h"
#include "vcpu/guest_memory_map.h"

namespace coffer {

/// Who runs on a platform, the VMs in their order and then the host if it has a trace: what the loader places before the simulation.
struct Guest {
    std::string name;
    std::string key;  ///< what its keys in the configuration begin with, for messages
    Vmid vmid = host_vmid;
    std::filesystem::path trace;
    std::uint64_t trace_accesses = 0;  ///< that will be played
    std::uint64_t max_accesses = 0;    ///< 0: all of the trace
    std::uint64_t pages = 0;
    Image image = Image::random;
    crypto::Key128 k_vm;
    GuestMemoryMap map;  ///< every page, GPN 0 first
};

/// Reads the traces, places all pages in data frames and draws the keys that are not given. Throws InputError for a trace that is corrupt
/// anywhere, memory that is smaller than its trace, and frames that are not there.
std::vector<Guest> place_guests(const Configuration& configuration);

/// A secret that stands for a random one in the model: the same for equal seeds and uses.
crypto::Key128 model_key(std::uint64_t seed, std::string_view use);

}  // namespace coffer
