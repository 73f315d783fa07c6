"""Oracle Fusion Cloud ERP for Dougong: journals by file-based data import, read back over REST, and an emulated pod."""
