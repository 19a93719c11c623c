#pragma once

#include <array>

#include "common/byte_store.h"
#include "devices/device_tlm.h"

namespace coffer {

struct DiskParameters {
    std::uint64_t sectors = 0;
    sc_core::sc_time latency{10, sc_core::SC_NS};      ///< of an access to a register
    sc_core::sc_time access_time{100, sc_core::SC_US};  ///< of a sector on the medium
};

/// A disk of sectors of 4096 bytes, which it transfers by itself from and to memory, one at a time and each all or nothing. The bytes on the medium
/// are those of `medium`, from 0 on: the adversary's to read and to change.
class DiskTlm : public DeviceTlm {
public:
    static constexpr std::size_t sector_bytes = 4096;

    /// `medium` outlives the module. Throws InputError for no sectors, or more than 2^51.
    DiskTlm(const sc_core::sc_module_name& name, const DiskParameters& parameters, ByteStore& medium);

    ByteStore& medium() { return medium_; }

private:
    void carry_out(std::uint64_t control, sc_core::sc_time& delay) override;

    const sc_core::sc_time access_time_;
    ByteStore& medium_;
    std::array<std::uint8_t, sector_bytes> sector_{};
};

}  // namespace coffer
