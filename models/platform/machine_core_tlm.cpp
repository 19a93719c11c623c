#include <algorithm>

#include "platform/machine_core.h"

namespace coffer {

bool MachineCore::host_read(Address hpa, std::uint8_t* data, std::size_t size) {
    tlm::tlm_generic_payload& payload = host_payload_.read(hpa, data, size);
    host_.b_transport(payload, delay_);
    return payload.is_response_ok();
}

bool MachineCore::host_write(Address hpa, const std::uint8_t* data, std::size_t size) {
    tlm::tlm_generic_payload& payload = host_payload_.write(hpa, data, size);
    host_.b_transport(payload, delay_);
    return payload.is_response_ok();
}

MemoryAnswer MachineCore::guest_read(const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(tlm::TLM_READ_COMMAND, core, gpa, data, size, access);
}

MemoryAnswer MachineCore::guest_write(const ProcessorCore& core, Address gpa, const std::uint8_t* data, std::size_t size, GuestAccess access) {
    return guest_access(tlm::TLM_WRITE_COMMAND, core, gpa, const_cast<std::uint8_t*>(data), size, access);
}

MemoryAnswer MachineCore::guest_access(tlm::tlm_command command, const ProcessorCore& core, Address gpa, std::uint8_t* data, std::size_t size,
                                       GuestAccess access) {
    for (std::size_t done = 0; done < size;) {
        const Address at = gpa + done;
        const std::size_t count = std::min(size - done, page_bytes - at % page_bytes);
        const Translation page = tables_().translate(core.vmid, page_base(at), command == tlm::TLM_WRITE_COMMAND);
        if (page.fault != TranslationFault::none) return page.fault == TranslationFault::lost ? MemoryAnswer::violated : MemoryAnswer::not_mapped;
        SecurityContext& context = guest_payload_.context;
        context.vmid = core.vmid;
        context.mode = core.mode == CoreMode::shim ? Mode::shim : Mode::guest;
        context.gpa = at;
        context.raw = page.raw || access != GuestAccess::usual;
        context.decrypt = access == GuestAccess::decrypted;
        tlm::tlm_generic_payload& payload = guest_payload_.prepare(command, page.hpa + at % page_bytes, data + done, count);
        cache_.b_transport(payload, delay_);
        if (!payload.is_response_ok()) return MemoryAnswer::violated;
        done += count;
    }
    return MemoryAnswer::ok;
}

}  // namespace coffer
