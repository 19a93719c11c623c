#include "devices/dma_engine_tlm.h"

#include <algorithm>

namespace coffer {

DmaEngineTlm::DmaEngineTlm(const sc_core::sc_module_name& name, const DmaEngineParameters& parameters)
    : DeviceTlm(name,
                {devices_registers::dma_base, devices_registers::disk_base - devices_registers::dma_base, Register::dma_control, Register::dma_status,
                 Register::dma_error_address},
                parameters.latency),
      setup_time_(parameters.setup_time) {}

void DmaEngineTlm::carry_out(std::uint64_t, sc_core::sc_time& delay) {
    const Address source = value(Register::dma_source);
    const Address destination = value(Register::dma_destination);
    const std::uint64_t length = value(Register::dma_length);
    set_value(Register::dma_copied, 0);
    delay += setup_time_;
    // An address space that ends at 2^64 has no bytes behind it.
    if (length == 0 || length - 1 > ~source || length - 1 > ~destination) return fail(DeviceCause::bad_command);
    for (std::uint64_t copied = 0; copied != length;) {
        const Address from = source + copied;
        const Address to = destination + copied;
        const std::uint64_t burst = std::min({length - copied, page_bytes - from % page_bytes, page_bytes - to % page_bytes});
        if (!read_memory(from, burst_.data(), burst, delay) || !write_memory(to, burst_.data(), burst, delay)) return;
        copied += burst;
        set_value(Register::dma_copied, copied);
        // Others run meanwhile, and may take the next page away.
        wait(delay);
        delay = sc_core::SC_ZERO_TIME;
    }
}

}  // namespace coffer
