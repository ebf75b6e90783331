"""Here lives what can be typed after `guanxi`: one file per group, importing what is heavy only when it runs."""
