package v1beta1

// Autoscaling has the platform decide how many Miners a set wants, from one thing that it watches. Their slots are paid
// for, and limited by quota, as those of any other set.
// +kubebuilder:validation:XValidation:rule="(has(self.clock) ? 1 : 0) + (has(self.walletBalance) ? 1 : 0) + (has(self.eventRate) ? 1 : 0) + (has(self.kafkaLag) ? 1 : 0) == 1",message="exactly one of clock, walletBalance, eventRate and kafkaLag must be set"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",fieldPath=".minReplicas",message="minReplicas must not be more than maxReplicas"
type Autoscaling struct {
	// MinReplicas is how many Miners there always are.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	// +optional
	MinReplicas int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is how many Miners there are at most.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	MaxReplicas int32 `json:"maxReplicas"`
	// Clock wants a number of Miners at set times.
	// +optional
	Clock *ClockTrigger `json:"clock,omitempty"`
	// WalletBalance grows the set while there is money for it.
	// +optional
	WalletBalance *WalletBalanceTrigger `json:"walletBalance,omitempty"`
	// EventRate follows how many blocks the set's chain finds.
	// +optional
	EventRate *EventRateTrigger `json:"eventRate,omitempty"`
	// KafkaLag follows how far a consumer group is behind.
	// +optional
	KafkaLag *KafkaLagTrigger `json:"kafkaLag,omitempty"`
}

// ClockTrigger wants Replicas from Start to End, and the fewest outside.
// +kubebuilder:validation:XValidation:rule="self.start != self.end",fieldPath=".end",message="end must differ from start"
type ClockTrigger struct {
	// Timezone by its name in the IANA database, such as Europe/Berlin.
	// +kubebuilder:default=UTC
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// Start and End are cron lines of five fields: minute, hour, day of the month, month, day of the week.
	Start CronLine `json:"start"`
	// End is when the fewest are enough again.
	End CronLine `json:"end"`
	// Replicas is how many Miners are wanted in between.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Replicas int32 `json:"replicas"`
}

// CronLine is a time that comes again: five fields, as cron has them.
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:Pattern=`^[0-9A-Za-z*,/?-]+( [0-9A-Za-z*,/?-]+){4}$`
type CronLine = string

// WalletBalanceTrigger wants, beside the slots of the set that are paid already, one more Miner for every OXPerMiner
// that the owner's wallet holds above ReserveOX. What is paid is kept: money that was spent on a slot takes no Miner
// away.
type WalletBalanceTrigger struct {
	// ReserveOX is what the wallet is to keep, in whole OX.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000000000
	// +optional
	ReserveOX int64 `json:"reserveOX,omitempty"`
	// OXPerMiner is how many whole OX call for one more Miner; the price of its slot, where that is more.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000000
	OXPerMiner int64 `json:"oxPerMiner"`
}

// EventRateTrigger wants one Miner for every BlocksPerMiner blocks that the set's chain has found in the last
// WindowSeconds, as the chain itself tells it.
type EventRateTrigger struct {
	// BlocksPerMiner is how many blocks call for one Miner.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	BlocksPerMiner int32 `json:"blocksPerMiner"`
	// WindowSeconds is how far back blocks count.
	// +kubebuilder:default=3600
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=86400
	// +optional
	WindowSeconds int32 `json:"windowSeconds,omitempty"`
}

// KafkaLagTrigger wants one Miner for every RecordsPerMiner records that Group has not read of Topic. Which of them may
// be named is the operator's to say.
type KafkaLagTrigger struct {
	// Topic on the platform's Kafka.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Topic string `json:"topic"`
	// Group is the consumer group.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=249
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	Group string `json:"group"`
	// RecordsPerMiner is how many waiting records call for one Miner.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	RecordsPerMiner int64 `json:"recordsPerMiner"`
}
