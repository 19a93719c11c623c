#include "memory/last_level_cache_tlm.h"

#include <fmt/format.h>

#include "common/errors.h"
#include "common/tlm_target.h"

namespace coffer {

namespace {

const SecurityContext host_context;

/// The line that holds `hpa`, which lies `hpa - start` bytes into an access that starts at `start`.
LineTag line_of(const SecurityContext& context, Address start, Address hpa) {
    // A device or host may leave the GPA empty: theirs is the machine address.
    const Address gpa = context.vmid == host_vmid ? hpa : context.gpa + (hpa - start);
    return {context.vmid, line_base(gpa), line_base(hpa)};
}

bool is_aligned(const SecurityContext& context, Address hpa) { return context.vmid == host_vmid || (context.gpa ^ hpa) % page_bytes == 0; }

}  // namespace

LastLevelCacheTlm::LastLevelCacheTlm(const sc_core::sc_module_name& name, const LastLevelCacheParameters& parameters)
    : sc_module(name), target_socket("target_socket"), initiator_socket("initiator_socket"), parameters_(parameters) {
    if (parameters.uncached_base % page_bytes != 0 || parameters.uncached_bytes % page_bytes != 0)
        throw InputError("llc.uncached", fmt::format("{} bytes at {:#x}", parameters.uncached_bytes, parameters.uncached_base), "whole pages");
    if (parameters.size != 0) cache_.emplace(CacheGeometry::of_size("llc.size", parameters.size, parameters.ways), static_cast<LineBus&>(*this));
    target_socket.serve<&LastLevelCacheTlm::b_transport, &LastLevelCacheTlm::transport_dbg, &LastLevelCacheTlm::get_direct_mem_ptr>(*this);
    initiator_socket.register_invalidate_direct_mem_ptr(this, &LastLevelCacheTlm::invalidate_direct_mem_ptr);
}

/// Whether the access is raw, or the host's with a byte in the uncached range.
bool LastLevelCacheTlm::bypasses(const tlm::tlm_generic_payload& payload, const SecurityContext& context) const {
    if (context.raw) return true;
    if (context.vmid != host_vmid || parameters_.uncached_bytes == 0) return false;
    const Address start = payload.get_address();
    return is_uncached(start) || parameters_.uncached_base - start < reach_of(payload);
}

void LastLevelCacheTlm::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
    payload.set_dmi_allowed(false);
    if (!check_payload(payload, parameters_.memory_size)) return;
    const auto* brought = payload.get_extension<SecurityContext>();
    if (goes_through(brought)) {
        initiator_socket.b_transport(payload, delay);
        return;
    }
    const SecurityContext& context = brought != nullptr ? *brought : host_context;
    if (!is_aligned(context, payload.get_address())) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    } else if (bypasses(payload, context)) {
        prepare_bypass(payload, context, delay);
        initiator_socket.b_transport(payload, delay);
    } else {
        payload.set_response_status(serve(payload, context, delay));
    }
}

tlm::tlm_response_status LastLevelCacheTlm::serve(tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay) {
    const Exclusive::Hold hold(exclusive_);
    mode_ = context.mode;
    delay_ = &delay;
    const Address start = payload.get_address();
    const unsigned length = payload.get_data_length();
    // Nearly all accesses lie within a line.
    const bool within = is_plain(payload) && start % line_bytes + length <= line_bytes;
    const bool ok = within ? serve_piece(payload.get_command(), line_of(context, start, start), start, payload.get_data_ptr(), length)
                           : serve_pieces(payload, context);
    return ok ? tlm::TLM_OK_RESPONSE : status_;
}

bool LastLevelCacheTlm::serve_piece(tlm::tlm_command command, const LineTag& line, Address hpa, std::uint8_t* piece, unsigned size) {
    *delay_ += parameters_.latency;
    return command == tlm::TLM_WRITE_COMMAND ? cache_->write(line, hpa % line_bytes, piece, size) : cache_->read(line, hpa % line_bytes, piece, size);
}

bool LastLevelCacheTlm::serve_pieces(const tlm::tlm_generic_payload& payload, const SecurityContext& context) {
    const Address start = payload.get_address();
    return for_each_run(payload, [&](Address first, std::uint8_t* data, unsigned length) {
        return for_each_piece(first, data, length, line_bytes, [&](Address hpa, std::uint8_t* piece, unsigned size) {
            return serve_piece(payload.get_command(), line_of(context, start, hpa), hpa, piece, size);
        });
    });
}

void LastLevelCacheTlm::prepare_bypass(const tlm::tlm_generic_payload& payload, const SecurityContext& context, sc_core::sc_time& delay) {
    const Exclusive::Hold hold(exclusive_);
    mode_ = context.mode;
    delay_ = &delay;
    const Address start = payload.get_address();
    const Address last = start + reach_of(payload) - 1;
    for (Address hpa = line_base(start); hpa <= last; hpa += line_bytes) cache_->before_raw_access(line_of(context, start, hpa), payload.is_write());
}

bool LastLevelCacheTlm::read_line(const LineTag& line, std::uint8_t* data) {
    tlm::tlm_generic_payload& payload = payload_.read(line.hpa, data, line_bytes);
    payload_.context.vmid = line.vmid;
    payload_.context.gpa = line.gpa;
    payload_.context.mode = mode_;
    initiator_socket.b_transport(payload, *delay_);
    status_ = payload.get_response_status();
    return payload.is_response_ok();
}

bool LastLevelCacheTlm::write_line(const LineTag& line, const std::uint8_t* data) {
    tlm::tlm_generic_payload& payload = payload_.write(line.hpa, data, line_bytes);
    payload_.context.vmid = line.vmid;
    payload_.context.gpa = line.gpa;
    payload_.context.mode = line.vmid == host_vmid ? Mode::host : Mode::guest;
    sc_core::sc_time posted = *delay_;
    // A change of mapping is not complete before its lines are in memory.
    initiator_socket.b_transport(payload, parameters_.posted_write_backs && !blocked_ ? posted : *delay_);
    return payload.is_response_ok();
}

unsigned LastLevelCacheTlm::transport_dbg(tlm::tlm_generic_payload& payload) {
    const auto* brought = payload.get_extension<SecurityContext>();
    if (goes_through(brought)) return initiator_socket->transport_dbg(payload);
    SecurityContext context = brought != nullptr ? *brought : host_context;
    const Address start = payload.get_address();
    if (!is_aligned(context, start)) return 0;
    unsigned done = 0;
    for_each_piece(start, payload.get_data_ptr(), debug_length(payload, parameters_.memory_size), line_bytes,
                   [&](Address hpa, std::uint8_t* data, unsigned size) {
                       const unsigned count = debug_line(payload.get_command(), context, hpa, data, size);
                       context.gpa += size;
                       done += count;
                       return count == size;
                   });
    return done;
}

/// Debug access to bytes of one line, in the cache or below it. The context's GPA is that of the first byte.
unsigned LastLevelCacheTlm::debug_line(tlm::tlm_command command, const SecurityContext& context, Address hpa, std::uint8_t* data, unsigned size) {
    // What raw accesses see is what the host sees: plain bytes.
    const LineTag line = context.raw ? LineTag{host_vmid, line_base(hpa), line_base(hpa)} : line_of(context, hpa, hpa);
    const unsigned offset = hpa % line_bytes;
    const bool cached = command == tlm::TLM_WRITE_COMMAND ? cache_->poke(line, offset, data, size) : cache_->peek(line, offset, data, size);
    if (cached) return size;
    ContextPayload below;
    below.context = context;
    return initiator_socket->transport_dbg(below.prepare(command, hpa, data, size));
}

bool LastLevelCacheTlm::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
    const Address page = page_base(payload.get_address());
    if (!is_host_access(payload) || (cache_ && !is_uncached(page))) return refuse_dmi(dmi, page, page + page_bytes - 1);
    return initiator_socket->get_direct_mem_ptr(payload, dmi);
}

void LastLevelCacheTlm::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    for (int i = 0; i != target_socket.size(); ++i) target_socket[i]->invalidate_direct_mem_ptr(first, last);
}

void LastLevelCacheTlm::block_fills(sc_core::sc_time& delay) {
    blocked_.emplace(exclusive_);
    delay_ = &delay;
}

template <class Function>
void LastLevelCacheTlm::maintain(Function&& function) {
    if (!cache_) return;
    if (blocked_) return function(*cache_);
    const Exclusive::Hold hold(exclusive_);
    sc_core::sc_time uncharged;
    delay_ = &uncharged;
    function(*cache_);
}

void LastLevelCacheTlm::evict_page(Vmid vmid, Gpn gpn, Leaving leaving) {
    maintain([&](LastLevelCache& cache) { cache.evict_page(vmid, gpn, leaving); });
}

void LastLevelCacheTlm::evict_vm(Vmid vmid, Leaving leaving) {
    maintain([&](LastLevelCache& cache) { cache.evict_vm(vmid, leaving); });
}

void LastLevelCacheTlm::evict_frame(Address hpa, Leaving leaving) {
    maintain([&](LastLevelCache& cache) { cache.evict_frame(hpa, leaving); });
}

void LastLevelCacheTlm::evict_all(Leaving leaving) {
    maintain([&](LastLevelCache& cache) { cache.evict_all(leaving); });
}

void LastLevelCacheTlm::collect(StatisticsGroup& group) const {
    const LastLevelCache::Statistics s = statistics();
    const std::uint64_t hits = s.read_hits + s.write_hits;
    const std::uint64_t accesses = hits + s.read_misses + s.write_misses;
    group.add("read_hits", s.read_hits, "lines");
    group.add("read_misses", s.read_misses, "lines");
    group.add("write_hits", s.write_hits, "lines");
    group.add("write_misses", s.write_misses, "lines");
    group.add("hit_rate", accesses == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(accesses), "1");
    group.add("fills", s.fills, "lines");
    group.add("write_backs", s.write_backs, "lines");
    group.add("failed_fills", s.failed_fills, "lines");
    group.add("failed_write_backs", s.failed_write_backs, "lines");
    group.add("remapped", s.remapped, "lines");
}

}  // namespace coffer
