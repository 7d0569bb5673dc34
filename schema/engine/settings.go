package engine

import (
	"encoding/xml"
	"maps"
	"strconv"
	"time"
)

// serverSettings is the engine's configuration file, in full: what is not in
// it stays at the engine's default, and nothing else is read, because naming a
// file keeps the engine from looking for one in the working directory, the
// home directory and /etc.
type serverSettings struct {
	XMLName xml.Name `xml:"clickhouse"`

	// A statement that would pass the ceiling fails with code 241; without
	// one the engine would take nine tenths of the machine.
	MaxServerMemoryUsage int64 `xml:"max_server_memory_usage"`

	// Caches are ceilings that fill up with use. Gigabytes by default, they
	// are what would make an idle process grow for weeks.
	MarkCacheSize             int64 `xml:"mark_cache_size"`
	PrimaryIndexCacheSize     int64 `xml:"primary_index_cache_size"`
	UncompressedCacheSize     int64 `xml:"uncompressed_cache_size"`
	IndexMarkCacheSize        int64 `xml:"index_mark_cache_size"`
	IndexUncompressedSize     int64 `xml:"index_uncompressed_cache_size"`
	QueryConditionCacheSize   int64 `xml:"query_condition_cache_size"`
	CompiledExpressionSize    int64 `xml:"compiled_expression_cache_size"`
	ParquetMetadataCacheSize  int64 `xml:"parquet_metadata_cache_size"`
	IcebergMetadataCacheSize  int64 `xml:"iceberg_metadata_files_cache_size"`
	VectorSimilarityCacheSize int64 `xml:"vector_similarity_index_cache_size"`
	TextIndexTokensCacheSize  int64 `xml:"text_index_tokens_cache_size"`
	TextIndexHeaderCacheSize  int64 `xml:"text_index_header_cache_size"`
	TextIndexPostingsSize     int64 `xml:"text_index_postings_cache_size"`
	MmapCacheSize             int64 `xml:"mmap_cache_size"`

	// Background work: two merges at a time are enough for one insert a
	// second, and each pool costs its threads.
	BackgroundPoolSize         int `xml:"background_pool_size"`
	BackgroundMovePoolSize     int `xml:"background_move_pool_size"`
	BackgroundFetchesPoolSize  int `xml:"background_fetches_pool_size"`
	BackgroundCommonPoolSize   int `xml:"background_common_pool_size"`
	BackgroundSchedulePoolSize int `xml:"background_schedule_pool_size"`
	MaxThreadPoolFreeSize      int `xml:"max_thread_pool_free_size"`
	MaxIOThreadPoolFreeSize    int `xml:"max_io_thread_pool_free_size"`

	// Backups go wherever the operator says, who is the one that can reach
	// the engine at all.
	BackupsAllowed string `xml:"backups>allowed_path"`

	MergeTree mergeTreeSettings `xml:"merge_tree"`
}

// mergeTreeSettings hold for every MergeTree table that does not say
// otherwise in its own SETTINGS clause.
type mergeTreeSettings struct {
	// An insert that was answered is on the disk, and so is its folder entry.
	FsyncAfterInsert   int `xml:"fsync_after_insert"`
	FsyncPartDirectory int `xml:"fsync_part_directory"`
	// A merge replaces parts that were synced; what it writes is synced too.
	MinRowsToFsyncAfterMerge int `xml:"min_rows_to_fsync_after_merge"`

	// The pool is smaller than these margins assume by default, and the
	// engine refuses to start when a margin is larger than its pool.
	FreeForMutation int `xml:"number_of_free_entries_in_pool_to_execute_mutation"`
	FreeForMerge    int `xml:"number_of_free_entries_in_pool_to_lower_max_size_of_merge"`
	FreeForOptimize int `xml:"number_of_free_entries_in_pool_to_execute_optimize_entire_partition"`
}

const mebibyte = 1 << 20

func newServerSettings(memoryLimit int64) serverSettings {
	return serverSettings{
		MaxServerMemoryUsage:       memoryLimit,
		MarkCacheSize:              16 * mebibyte,
		PrimaryIndexCacheSize:      16 * mebibyte,
		IndexMarkCacheSize:         4 * mebibyte,
		QueryConditionCacheSize:    4 * mebibyte,
		CompiledExpressionSize:     8 * mebibyte,
		ParquetMetadataCacheSize:   mebibyte,
		IcebergMetadataCacheSize:   mebibyte,
		VectorSimilarityCacheSize:  mebibyte,
		TextIndexTokensCacheSize:   mebibyte,
		TextIndexHeaderCacheSize:   mebibyte,
		TextIndexPostingsSize:      mebibyte,
		MmapCacheSize:              64, // entries, not bytes
		BackgroundPoolSize:         2,
		BackgroundMovePoolSize:     1,
		BackgroundFetchesPoolSize:  1,
		BackgroundCommonPoolSize:   2,
		BackgroundSchedulePoolSize: 4,
		MaxThreadPoolFreeSize:      16,
		BackupsAllowed:             "/",
		MergeTree: mergeTreeSettings{
			FsyncAfterInsert:         1,
			FsyncPartDirectory:       1,
			MinRowsToFsyncAfterMerge: 1,
			FreeForMutation:          1,
			FreeForMerge:             1,
			FreeForOptimize:          1,
		},
	}
}

func (s serverSettings) encode() ([]byte, error) {
	return xml.MarshalIndent(s, "", "  ")
}

// baseline is what every statement runs with unless its request says
// otherwise. Other settings stay at the engine's defaults, of which the
// tests of the engine's beliefs pin those that matter.
func baseline(statementTimeout time.Duration, threads int) map[string]string {
	settings := map[string]string{
		// 26.3 turned asynchronous inserts on: an answer would then wait for
		// a flush that other inserts share.
		"async_insert": "0",
		"log_queries":  "0",
		// What a date without a zone means must not depend on the machine.
		"session_timezone": "UTC",
		// The profiler interrupts threads by signals, which belong to Go.
		"query_profiler_real_time_period_ns": "0",
		"query_profiler_cpu_time_period_ns":  "0",
		"allow_introspection_functions":      "0",
		// "SELECT" may be left out in clickhouse-local; a server refuses that.
		"implicit_select":    "0",
		"max_execution_time": strconv.Itoa(max(1, int(statementTimeout/time.Second))),
	}
	if threads > 0 {
		settings["max_threads"] = strconv.Itoa(threads)
	}
	return settings
}

// arguments is the command line of one connection: the first boots the engine
// from it, each takes its own settings from it.
func arguments(dir, configFile string, settings map[string]string) []string {
	args := []string{"--path=" + dir, "--config-file=" + configFile}
	for name, value := range maps.All(settings) {
		args = append(args, "--"+name+"="+value)
	}
	return args
}
