#include "vcpu/trace_player_tlm.h"

#include <cmath>

#include <fmt/format.h>

#include "common/errors.h"
#include "common/tlm_target.h"

namespace coffer {

std::string_view to_string(TracePlayerTlm::Stop stop) {
    switch (stop) {
        case TracePlayerTlm::Stop::running: return "running";
        case TracePlayerTlm::Stop::end_of_trace: return "end of trace";
        case TracePlayerTlm::Stop::max_accesses: return "max accesses";
        case TracePlayerTlm::Stop::error_response: return "error response";
        case TracePlayerTlm::Stop::out_of_pages: return "out of pages";
        case TracePlayerTlm::Stop::bad_source: return "bad source";
    }
    return "unknown";
}

namespace {

double checked_ticks(const TracePlayerParameters& parameters) {
    if (!std::isfinite(parameters.clock_ghz) || parameters.clock_ghz <= 0)
        throw InputError("clock_ghz", fmt::format("{} is no clock", parameters.clock_ghz), "more than 0");
    if (!std::isfinite(parameters.cycles_per_instruction) || parameters.cycles_per_instruction < 0)
        throw InputError("cycles_per_instruction", fmt::format("{} cycles", parameters.cycles_per_instruction), "0 or more");
    const double ns_per_instruction = parameters.cycles_per_instruction / parameters.clock_ghz;
    if (ns_per_instruction > 1e6)
        throw InputError("clock_ghz", "an instruction would take more than a millisecond", "a faster clock or fewer cycles per instruction");
    return ns_per_instruction * 1e-9 / sc_core::sc_get_time_resolution().to_seconds();
}

}  // namespace

TracePlayerTlm::TracePlayerTlm(const sc_core::sc_module_name& name, const TracePlayerParameters& parameters, AccessSource& source)
    : sc_module(name),
      initiator_socket("initiator_socket"),
      parameters_(parameters),
      source_(source),
      ticks_per_instruction_(checked_ticks(parameters)),
      paging_(parameters.first_gpn, parameters.pages),
      data_(parameters.seed) {
    constexpr std::uint64_t all_pages = page_of(~Address{0}) + 1;
    if (parameters.pages == 0 || parameters.first_gpn >= all_pages || parameters.pages > all_pages - parameters.first_gpn)
        throw InputError("pages", fmt::format("{} guest pages from GPN {}", parameters.pages, parameters.first_gpn),
                         "at least one, within 64-bit addresses");
    SC_THREAD(run);
}

void TracePlayerTlm::run() {
    keeper_.reset();
    try {
        play();
    } catch (const InputError& error) {
        stop(Stop::bad_source, error.what());
    }
    finish_time_ = keeper_.get_current_time();
    keeper_.sync();
}

void TracePlayerTlm::play() {
    TraceAccess access;
    while (accesses() < parameters_.max_accesses) {
        if (!source_.next(access)) {
            stop(Stop::end_of_trace, "the trace ended");
            return;
        }
        if (!play(access)) return;
        if (keeper_.need_sync()) keeper_.sync();
    }
    stop(Stop::max_accesses, fmt::format("{} accesses were asked for", parameters_.max_accesses));
}

bool TracePlayerTlm::play(const TraceAccess& access) {
    if (access.size == 0) return stop(Stop::bad_source, fmt::format("access {} has no bytes", accesses()));
    instructions_ += access.instructions;
    keeper_.inc(compute_time(access.instructions));
    if (access.write) data_.fill(accesses(), access.address, buffer_.data(), access.size);
    const bool done = for_each_piece(access.address, buffer_.data(), access.size, page_bytes,
                                     [&](Address address, std::uint8_t* data, unsigned size) { return transport(access, address, data, size); });
    if (!done) return false;
    if (access.write) {
        ++writes_;
        write_bytes_ += access.size;
    } else {
        ++reads_;
        read_bytes_ += access.size;
        data_.fold(buffer_.data(), access.size);
    }
    return true;
}

bool TracePlayerTlm::transport(const TraceAccess& access, Address address, std::uint8_t* data, unsigned size) {
    const auto gpa = paging_.gpa_of(address);
    if (!gpa) return stop(Stop::out_of_pages, fmt::format("access {} touches one page more than the {} there are", accesses(), parameters_.pages));
    payload_.set_command(access.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload_.set_address(*gpa);
    payload_.set_data_ptr(data);
    payload_.set_data_length(size);
    payload_.set_streaming_width(size);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_core::sc_time delay = keeper_.get_local_time();
    initiator_socket.b_transport(payload_, delay);
    keeper_.set(delay);
    if (payload_.is_response_ok()) return true;
    return stop(Stop::error_response, fmt::format("access {}, a {} at GPA {:#x}, was answered {}", accesses(), access.write ? "write" : "read", *gpa,
                                                  payload_.get_response_string()));
}

sc_core::sc_time TracePlayerTlm::compute_time(std::uint32_t instructions) const {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(std::llround(instructions * ticks_per_instruction_)));
}

bool TracePlayerTlm::stop(Stop reason, std::string text) {
    stop_ = reason;
    stop_text_ = std::move(text);
    return false;
}

void TracePlayerTlm::collect(StatisticsGroup& group) const {
    group.add("accesses", accesses(), "1");
    group.add("reads", reads_, "1");
    group.add("read_bytes", read_bytes_, "B");
    group.add("writes", writes_, "1");
    group.add("write_bytes", write_bytes_, "B");
    group.add("instructions", instructions_, "1");
    group.add("pages", paging_.touched(), "pages");
    group.add("finish_time", finish_time_ / sc_core::sc_time(1, sc_core::SC_NS), "ns");
    group.add("stopped", std::string(to_string(stop_)), "text");
    group.add("digest", fmt::format("{:#018x}", digest()), "text");
}

}  // namespace coffer
