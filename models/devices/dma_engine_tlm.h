#pragma once

#include <array>

#include "devices/device_tlm.h"

namespace coffer {

struct DmaEngineParameters {
    sc_core::sc_time latency{10, sc_core::SC_NS};     ///< of an access to a register
    sc_core::sc_time setup_time{100, sc_core::SC_NS};  ///< of a command, beside what its accesses take
};

/// A DMA engine: copies bytes from one machine address to another. It goes by bursts, from the first on, that cross no page of source or destination;
/// each is read whole before it is written, and takes the time of its two accesses. At the first that fails it stops;
/// the bursts before it are copied, which COPIED tells.
class DmaEngineTlm : public DeviceTlm {
public:
    explicit DmaEngineTlm(const sc_core::sc_module_name& name, const DmaEngineParameters& parameters = {});

private:
    void carry_out(std::uint64_t control, sc_core::sc_time& delay) override;

    const sc_core::sc_time setup_time_;
    std::array<std::uint8_t, page_bytes> burst_{};
};

}  // namespace coffer
