# shepherd
