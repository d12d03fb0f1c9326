const StatusText = ({ presence }) => {
    const getStatusText = () => {
        if (!presence || presence.status === 'offline') {
            const lastSeen = presence?.lastSeen;
            if (!lastSeen) return 'Offline';
            
            const diff = Date.now() - lastSeen;
            const minutes = Math.floor(diff / 60000);
            const hours = Math.floor(minutes / 60);
            const days = Math.floor(hours / 24);
            
            if (minutes < 5) return 'Last seen recently';
            if (minutes < 60) return `Last seen ${minutes}m ago`;
            if (hours < 24) return `Last seen ${hours}h ago`;
            return `Last seen ${days}d ago`;
        }
        
        const deviceText = presence.deviceCount > 1 
            ? ` (${presence.deviceCount} devices)` 
            : '';
            
        return `${presence.status.charAt(0).toUpperCase() + presence.status.slice(1)}${deviceText}`;
    };
    
    return (
        <Text style={[
            styles.statusText,
            { color: presence?.status === 'online' ? '#4CAF50' : '#666' }
        ]}>
            {getStatusText()}
        </Text>
    );
};
