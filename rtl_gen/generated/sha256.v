// Sha256, generated from models/crypto/sha256_synth.h by scripts/regenerate: do not edit.
module sha256 (
	clk,
	rst_n,
	in_valid,
	in_ready,
	in_block,
	in_first,
	out_valid,
	out_ready,
	out_digest
);
	reg _sv2v_0;
	input wire clk;
	input wire rst_n;
	input wire in_valid;
	output reg in_ready;
	input wire [511:0] in_block;
	input wire in_first;
	output reg out_valid;
	input wire out_ready;
	output reg [255:0] out_digest;
	reg runs_;
	reg valid_;
	reg take_;
	reg [5:0] round_;
	reg [255:0] working_;
	reg [255:0] next_working_;
	reg [255:0] hash_;
	reg [255:0] start_;
	reg [511:0] words_;
	reg [511:0] next_words_;
	always @(*) begin : handshake
		reg takes;
		if (_sv2v_0)
			;
		takes = !runs_ && (!valid_ || out_ready);
		in_ready = takes;
		out_valid = valid_;
		take_ = takes && in_valid;
	end
	always @(*) begin : make_round
		reg [255:0] working;
		reg [31:0] a;
		reg [31:0] b;
		reg [31:0] c;
		reg [31:0] d;
		reg [31:0] e;
		reg [31:0] f;
		reg [31:0] g;
		reg [31:0] h;
		reg [31:0] word;
		reg [31:0] constant;
		reg [31:0] TMP_0;
		reg [31:0] result;
		reg [31:0] TMP_1;
		reg [31:0] result_1;
		reg [31:0] TMP_2;
		reg [31:0] result_2;
		reg [31:0] sum_e;
		reg [31:0] choice;
		reg [31:0] TMP_6;
		reg [31:0] result_3;
		reg [31:0] TMP_7;
		reg [31:0] result_4;
		reg [31:0] TMP_8;
		reg [31:0] result_5;
		reg [31:0] sum_a;
		reg [31:0] majority;
		reg [31:0] t1;
		reg [255:0] next;
		if (_sv2v_0)
			;
		working = working_;
		a = working[255:224];
		b = working[223:192];
		c = working[191:160];
		d = working[159:128];
		e = working[127:96];
		f = working[95:64];
		g = working[63:32];
		h = working[31:0];
		word = words_[511:480];
		case (~round_[5:0])
			6'd63: constant = 32'd1116352408;
			6'd62: constant = 32'd1899447441;
			6'd61: constant = 32'hb5c0fbcf;
			6'd60: constant = 32'he9b5dba5;
			6'd59: constant = 32'd961987163;
			6'd58: constant = 32'd1508970993;
			6'd57: constant = 32'h923f82a4;
			6'd56: constant = 32'hab1c5ed5;
			6'd55: constant = 32'hd807aa98;
			6'd54: constant = 32'd310598401;
			6'd53: constant = 32'd607225278;
			6'd52: constant = 32'd1426881987;
			6'd51: constant = 32'd1925078388;
			6'd50: constant = 32'h80deb1fe;
			6'd49: constant = 32'h9bdc06a7;
			6'd48: constant = 32'hc19bf174;
			6'd47: constant = 32'he49b69c1;
			6'd46: constant = 32'hefbe4786;
			6'd45: constant = 32'd264347078;
			6'd44: constant = 32'd604807628;
			6'd43: constant = 32'd770255983;
			6'd42: constant = 32'd1249150122;
			6'd41: constant = 32'd1555081692;
			6'd40: constant = 32'd1996064986;
			6'd39: constant = 32'h983e5152;
			6'd38: constant = 32'ha831c66d;
			6'd37: constant = 32'hb00327c8;
			6'd36: constant = 32'hbf597fc7;
			6'd35: constant = 32'hc6e00bf3;
			6'd34: constant = 32'hd5a79147;
			6'd33: constant = 32'd113926993;
			6'd32: constant = 32'd338241895;
			6'd31: constant = 32'd666307205;
			6'd30: constant = 32'd773529912;
			6'd29: constant = 32'd1294757372;
			6'd28: constant = 32'd1396182291;
			6'd27: constant = 32'd1695183700;
			6'd26: constant = 32'd1986661051;
			6'd25: constant = 32'h81c2c92e;
			6'd24: constant = 32'h92722c85;
			6'd23: constant = 32'ha2bfe8a1;
			6'd22: constant = 32'ha81a664b;
			6'd21: constant = 32'hc24b8b70;
			6'd20: constant = 32'hc76c51a3;
			6'd19: constant = 32'hd192e819;
			6'd18: constant = 32'hd6990624;
			6'd17: constant = 32'hf40e3585;
			6'd16: constant = 32'd275423344;
			6'd15: constant = 32'd430227734;
			6'd14: constant = 32'd506948616;
			6'd13: constant = 32'd659060556;
			6'd12: constant = 32'd883997877;
			6'd11: constant = 32'd958139571;
			6'd10: constant = 32'd1322822218;
			6'd9: constant = 32'd1537002063;
			6'd8: constant = 32'd1747873779;
			6'd7: constant = 32'd1955562222;
			6'd6: constant = 32'd2024104815;
			6'd5: constant = 32'h84c87814;
			6'd4: constant = 32'h8cc70208;
			6'd3: constant = 32'h90befffa;
			6'd2: constant = 32'ha4506ceb;
			6'd1: constant = 32'hbef9a3f7;
			6'd0: constant = 32'hc67178f2;
			default: constant = 32'd0;
		endcase
		result = {e[5:0], e[31:6]};
		TMP_0 = result;
		result_1 = {e[10:0], e[31:11]};
		TMP_1 = result_1;
		result_2 = {e[24:0], e[31:25]};
		TMP_2 = result_2;
		sum_e = (TMP_0 ^ TMP_1) ^ TMP_2;
		choice = g ^ (e & (f ^ g));
		result_3 = {a[1:0], a[31:2]};
		TMP_6 = result_3;
		result_4 = {a[12:0], a[31:13]};
		TMP_7 = result_4;
		result_5 = {a[21:0], a[31:22]};
		TMP_8 = result_5;
		sum_a = (TMP_6 ^ TMP_7) ^ TMP_8;
		majority = (a & b) | (c & (a | b));
		t1 = (((h + constant) + word) + choice) + sum_e;
		next = working >>> 32;
		next[255:224] = (t1 + sum_a) + majority;
		next[127:96] = t1 + d;
		next_working_ = next;
	end
	always @(*) begin : make_word
		reg [511:0] words;
		reg [31:0] w0;
		reg [31:0] w1;
		reg [31:0] w9;
		reg [31:0] w14;
		reg [31:0] TMP_0;
		reg [31:0] result;
		reg [31:0] TMP_1;
		reg [31:0] result_1;
		reg [31:0] sigma_0;
		reg [31:0] TMP_4;
		reg [31:0] result_2;
		reg [31:0] TMP_5;
		reg [31:0] result_3;
		reg [31:0] sigma_1;
		reg [511:0] next;
		if (_sv2v_0)
			;
		words = words_;
		w0 = words[511:480];
		w1 = words[479:448];
		w9 = words[223:192];
		w14 = words[63:32];
		result = {w1[6:0], w1[31:7]};
		TMP_0 = result;
		result_1 = {w1[17:0], w1[31:18]};
		TMP_1 = result_1;
		sigma_0 = (TMP_0 ^ TMP_1) ^ (w1 >>> 3);
		result_2 = {w14[16:0], w14[31:17]};
		TMP_4 = result_2;
		result_3 = {w14[18:0], w14[31:19]};
		TMP_5 = result_3;
		sigma_1 = (TMP_4 ^ TMP_5) ^ (w14 >>> 10);
		next = words <<< 32;
		next[31:0] = ((sigma_1 + w9) + sigma_0) + w0;
		next_words_ = next;
	end
	always @(*) begin : make_digest
		reg [255:0] hash;
		reg [255:0] working;
		reg [255:0] digest;
		reg [31:0] before_v;
		reg [31:0] change;
		if (_sv2v_0)
			;
		hash = hash_;
		working = working_;
		digest = 1'sb0;
		begin : sv2v_autoblock_1
			reg [31:0] i;
			for (i = 0; i < 8; i = i + 1)
				begin
					before_v = hash[32 * i+:32];
					change = working[32 * i+:32];
					digest[32 * i+:32] = before_v + change;
				end
		end
		out_digest = digest;
		if (in_first)
			start_ = 255'h6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19;
		else
			start_ = digest;
	end
	reg runs__next;
	reg valid__next;
	reg [5:0] round__next;
	task keep_state_func;
		reg ends;
		begin
			round__next = round_;
			runs__next = runs_;
			valid__next = valid_;
			ends = round_ == 6'd63;
			if (take_)
				runs__next = 1;
			else if (ends)
				runs__next = 1'sb0;
			if (runs_)
				round__next = round_ + 1'd1;
			if (ends)
				valid__next = 1;
			else if (out_ready)
				valid__next = 1'sb0;
		end
	endtask
	always @(out_ready or round_ or runs_ or take_ or valid_ or _sv2v_0) begin : keep_state_comb
		if (_sv2v_0)
			;
		keep_state_func;
	end
	always @(posedge clk) begin : keep_state_ff
		if (~rst_n) begin
			runs_ <= 1'sb0;
			valid_ <= 1'sb0;
			round_ <= 1'sb0;
		end
		else begin
			runs_ <= runs__next;
			valid_ <= valid__next;
			round_ <= round__next;
		end
	end
	reg [511:0] words__next;
	reg [255:0] working__next;
	reg [255:0] hash__next;
	task keep_data_func;
		begin
			hash__next = hash_;
			words__next = words_;
			working__next = working_;
			if (take_) begin
				words__next = in_block;
				working__next = start_;
				hash__next = start_;
			end
			else if (runs_) begin
				words__next = next_words_;
				working__next = next_working_;
			end
		end
	endtask
	always @(next_working_ or next_words_ or runs_ or start_ or in_block or take_ or working_ or words_ or hash_ or _sv2v_0) begin : keep_data_comb
		if (_sv2v_0)
			;
		keep_data_func;
	end
	always @(posedge clk) begin : keep_data_ff
		words_ <= words__next;
		working_ <= working__next;
		hash_ <= hash__next;
	end
	initial _sv2v_0 = 0;
endmodule
