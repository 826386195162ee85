"""MQTT brokers, with topics in Frigate's manner."""
