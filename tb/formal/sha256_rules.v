// The handshake of SHA-256, whatever a round computes.
`include "channel_rules.v"
`include "flow_rules.v"

module sha256_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire [511:0] in_block, input wire in_first, input wire out_ready
);
    wire in_ready, out_valid, started, runs_, valid_;
    wire [255:0] out_digest;
    wire [5:0] round_;
    wire [7:0] in_flight, starved;
    sha256 block (.*);
    channel_rules #(.WIDTH(256)) out (.clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready), .payload(out_digest));
    flow_rules #(.LONGEST(64)) flow (.*, .takes(in_valid && in_ready), .held({7'd0, runs_ || valid_}));

    always @(*) if (started) begin
        one_at_a_time: assert (!(runs_ && valid_));
        rounds_begin_at_0: assert (runs_ || round_ == 0);
        rounds_go_on: assert (starved <= (runs_ ? round_ : valid_ ? 64 : 0));
        valid_waits_for_nothing: assert (out_valid == valid_);
        takes_when_it_can: assert (in_ready == (!runs_ && (!valid_ || out_ready)));
    end
endmodule
